-- What is in the lake of one venue, source and month, for judging the rows of a file: every version, in any
-- order.
SELECT
  row_key,
  content_hash,
  version,
  file_id = $file_id AS of_this_file
FROM feeds
WHERE month = $month
  AND venue_id = $venue_id
  AND source = $source
