# Encryption with a key of the customer (kms_key_arn). Without it, each service encrypts with a key of its own.

locals {
  # What each function does with the key, by the service that calls KMS for it. DynamoDB only decrypts the key of a table, also
  # for writes. What the dead-letter queues need is in the module.
  key_actions = {
    # Both read results and write them, and open_release reads manifests.
    open_release = {
      dynamodb = ["kms:Decrypt"]
      s3       = ["kms:Decrypt", "kms:GenerateDataKey"]
    }
    close_release = {
      dynamodb = ["kms:Decrypt"]
      s3       = ["kms:Decrypt", "kms:GenerateDataKey"]
    }
    run_pipeline        = { dynamodb = ["kms:Decrypt"] }
    record_state_change = { dynamodb = ["kms:Decrypt"] }
    answer_approval     = { dynamodb = ["kms:Decrypt"] }
    change_freeze       = { dynamodb = ["kms:Decrypt"] }
    notify_people       = { sns = ["kms:Decrypt", "kms:GenerateDataKey"] }
  }
}
