-- What other ticket offices told of a venue by source, month, day, channel and kind: of each row the newest
-- version. A row's month is part of its key, so versions of one row lie in one partition.
SELECT
  venue_id,
  source,
  day,
  grain,
  channel,
  kind,
  count(*) AS rows_told,
  sum(quantity) AS quantity,
  sum(amount_cents) AS amount_cents
FROM (
  SELECT
    venue_id,
    source,
    day,
    grain,
    channel,
    kind,
    quantity,
    amount_cents,
    row_number() OVER (PARTITION BY venue_id, source, month, row_key ORDER BY version DESC) AS latest
  FROM feeds
  WHERE month BETWEEN $first_month AND $last_month
    AND ($all_venues OR array_has($venues, venue_id))
) AS versions
WHERE latest = 1
  AND day BETWEEN $first_day AND $last_day
GROUP BY venue_id, source, day, grain, channel, kind
ORDER BY venue_id, source, day, grain, channel, kind
