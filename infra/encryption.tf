# Encryption with a key of the customer (kms_key_arn). Without it, each service encrypts with a key of its own.

locals {
  # What each function does with the key, by the service that calls KMS for it. DynamoDB only decrypts the key of a table, also
  # for writes. What the dead-letter queues need is in the module.
  key_actions = {
    for function in keys(local.functions) : function => merge(
      { dynamodb = ["kms:Decrypt"] },
      lookup(local.more_key_actions, function, {}),
    )
  }

  more_key_actions = {
    # Both read results and write them, and open_release reads manifests.
    open_release  = { s3 = ["kms:Decrypt", "kms:GenerateDataKey"] }
    close_release = { s3 = ["kms:Decrypt", "kms:GenerateDataKey"] }
  }
}
