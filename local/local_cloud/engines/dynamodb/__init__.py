"""DynamoDB: exports, streams of changes, time to live."""
