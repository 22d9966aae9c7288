// Runs one invocation of a JavaScript handler, as the Lambda runtime does: `node_runtime.mjs RESULT_FILE < EVENT`.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const environment = process.env;
const deadline = Date.now() + Number(environment.LOCAL_TIMEOUT_SECONDS) * 1000;
const context = {
  functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
  invokedFunctionArn: environment.LOCAL_FUNCTION_ARN,
  memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  awsRequestId: environment.LOCAL_REQUEST_ID,
  logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
  getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
};

async function load() {
  const handler = environment._HANDLER;
  const dot = handler.lastIndexOf(".");
  const path = join(environment.LAMBDA_TASK_ROOT, handler.slice(0, dot));
  const file = [".js", ".mjs", ".cjs"].map((suffix) => path + suffix).find(existsSync);
  if (!file) throw Object.assign(new Error(`Cannot find module '${path}'`), { name: "Runtime.ImportModuleError" });
  const module = await import(pathToFileURL(file));
  const found = module[handler.slice(dot + 1)] ?? module.default?.[handler.slice(dot + 1)];
  if (!found) throw Object.assign(new Error(`${handler} is undefined`), { name: "Runtime.HandlerNotFound" });
  return found;
}

async function invoke() {
  const handler = await load();
  const event = JSON.parse(readFileSync(0, "utf8"));
  return await new Promise((resolve, reject) => {
    const returned = handler(event, context, (error, value) => (error ? reject(error) : resolve(value)));
    if (typeof returned?.then === "function") returned.then(resolve, reject);
  });
}

let result;
try {
  result = { payload: JSON.stringify((await invoke()) ?? null) };
} catch (error) {
  console.error(error);
  result = {
    error: { errorType: error?.name ?? "Error", errorMessage: error?.message ?? String(error), trace: (error?.stack ?? "").split("\n") },
  };
}
writeFileSync(process.argv[2], JSON.stringify(result));
process.exit(0);
