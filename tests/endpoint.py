"""Whether an endpoint does what atrio asks of DynamoDB. Many buyers at once hold places of one slot;
what was answered must be what is there, and the stream must tell all of it once, in order, with both
images. It needs botocore, and no atrio.

    python tests/endpoint.py http://127.0.0.1:4566
"""

import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

BUYERS, PLACES = 400, 100
READY_WITHIN_SECONDS = 60


def client(service, endpoint):
    config = Config(retries={"max_attempts": 0}, max_pool_connections=40)
    return get_session().create_client(
        service, endpoint_url=endpoint, region_name="eu-south-1", config=config,
        aws_access_key_id="any", aws_secret_access_key="any")


def text(value):
    return {"S": value}


def number(value):
    return {"N": str(value)}


def create(dynamodb, table):
    def keys(partition, sort):
        return [{"AttributeName": partition, "KeyType": "HASH"},
                {"AttributeName": sort, "KeyType": "RANGE"}]

    dynamodb.create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=keys("pk", "sk"),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"}
                              for name in ("pk", "sk", "due_pk", "due_sk")],
        GlobalSecondaryIndexes=[{"IndexName": "due", "KeySchema": keys("due_pk", "due_sk"),
                                 "Projection": {"ProjectionType": "ALL"}}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})


def hold(dynamodb, table, buyer):
    """One place and one booking, or neither: the hold of atrio-dynamo."""
    slot = {
        "TableName": table, "Key": {"pk": text("SLOT"), "sk": text("1")},
        "UpdateExpression": "SET taken = if_not_exists(taken, :none) + :places",
        "ConditionExpression": "attribute_not_exists(taken) OR taken <= :room",
        "ExpressionAttributeValues": {":none": number(0), ":places": number(1),
                                      ":room": number(PLACES - 1)},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    booking = {
        "TableName": table, "Item": {"pk": text(f"BOOKING#{buyer}"), "sk": text("BOOKING")},
        "ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.transact_write_items(TransactItems=[{"Update": slot}, {"Put": booking}])


def rush(dynamodb, table):
    """What the buyers were told: holds, refusals with the slot as it stands, anything else."""
    told, lock = {"held": 0, "sold out": 0, "other": {}}, threading.Lock()

    def buy(buyer):
        try:
            hold(dynamodb, table, buyer)
            answer = "held"
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            slot = reasons[0].get("Item", {}).get("taken") if reasons else None
            answer = "sold out" if slot == number(PLACES) else str(error)[:120]
        with lock:
            if answer in ("held", "sold out"):
                told[answer] += 1
            else:
                told["other"][answer] = told["other"].get(answer, 0) + 1

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(buy, range(BUYERS)))
    return told


def read(streams, arn, shard, kind, **behind):
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **behind)["ShardIterator"]
    records = []
    while iterator:
        page = streams.get_records(ShardIterator=iterator, Limit=100)
        if not page["Records"]:
            break
        records += [record["dynamodb"] for record in page["Records"]]
        iterator = page.get("NextShardIterator")
    return records


def main(endpoint):
    dynamodb, streams = client("dynamodb", endpoint), client("dynamodbstreams", endpoint)
    table = f"probe-{uuid.uuid4().hex[:12]}"
    begun = time.monotonic()
    while True:
        try:
            create(dynamodb, table)
            break
        except BotoCoreError:
            if time.monotonic() - begun > READY_WITHIN_SECONDS:
                raise
            time.sleep(0.2)
    told = rush(dynamodb, table)
    found = dynamodb.get_item(
        TableName=table, Key={"pk": text("SLOT"), "sk": text("1")}, ConsistentRead=True)
    taken = int(found["Item"]["taken"]["N"])
    bookings = dynamodb.scan(TableName=table, Select="COUNT", ConsistentRead=True)["Count"] - 1

    arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    shard = shards[0]["ShardId"]
    records = read(streams, arn, shard, "TRIM_HORIZON")
    numbers = [int(record["SequenceNumber"]) for record in records]
    slots = [record for record in records if record["Keys"]["pk"] == text("SLOT")]
    counts = [[int(image.get("taken", number(-1))["N"]) for image in
               (record.get("OldImage", {}), record["NewImage"])] for record in slots]
    middle = records[len(records) // 2]["SequenceNumber"]
    behind = read(streams, arn, shard, "AFTER_SEQUENCE_NUMBER", SequenceNumber=middle)

    checks = [
        (f"{told['held']} holds were answered, {taken} places are taken, {bookings} bookings stand",
         told["held"] == taken == bookings == PLACES),
        (f"{told['sold out']} buyers were told the slot as it stands, others {told['other']}",
         told["sold out"] == BUYERS - PLACES),
        (f"{len(shards)} shard, {len(records)} records of {2 * PLACES} writes",
         len(shards) == 1 and len(records) == 2 * PLACES),
        ("the records are in order", all(a < b for a, b in zip(numbers, numbers[1:]))),
        ("each record of the slot begins where the one before ended",
         all(new[0] == old[1] for old, new in zip(counts, counts[1:]))),
        (f"{len(behind)} records follow the one in the middle",
         len(behind) == len(records) - len(records) // 2 - 1),
    ]
    for said, is_right in checks:
        print(f"{'ok   ' if is_right else 'WRONG'} {said}")
    return 0 if all(is_right for _, is_right in checks) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
