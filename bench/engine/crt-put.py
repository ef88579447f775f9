"""Sends one file with AWS's CRT, by s3transfer's own adapter: crt-put.py FILE BUCKET KEY PART_BYTES TARGET_BYTES_PER_SECOND

The store's address stands in AWS_ENDPOINT_URL_S3, its keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
"""

import os
import sys

import botocore.session
from awscrt.auth import AwsCredentialsProvider
from s3transfer.crt import BotocoreCRTRequestSerializer, CRTTransferManager, create_s3_crt_client

path, bucket, key, part_bytes, target = sys.argv[1:]
region = os.environ["AWS_REGION"]
credentials = AwsCredentialsProvider.new_static(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
session = botocore.session.Session()
session.set_config_variable("region", region)
serializer = BotocoreCRTRequestSerializer(session, {"endpoint_url": os.environ["AWS_ENDPOINT_URL_S3"], "region_name": region})
client = create_s3_crt_client(region, credentials, target_throughput=int(target), part_size=int(part_bytes), use_ssl=False)
with CRTTransferManager(client, serializer) as manager:
    manager.upload(path, bucket, key).result()
