//! Memory for channel flow processors in Amazon DynamoDB.
