-- People who went in and out by venue and hour: of each period of a device the latest version.
-- A counter that cannot tell directions adds nothing to either.
SELECT
  venue_id,
  date_trunc('hour', period_start) AS period_hour,
  sum(coalesce(people_towards, 0)) AS people_in,
  sum(coalesce(people_away, 0)) AS people_out
FROM (
  SELECT
    venue_id,
    period_start,
    people_towards,
    people_away,
    row_number() OVER (PARTITION BY device, model, period_start ORDER BY version DESC) AS latest
  FROM counts
  WHERE month BETWEEN $first_month AND $last_month
    AND period_start >= $from_instant
    AND period_start < $until_instant
    AND ($all_venues OR array_has($venues, venue_id))
) AS versions
WHERE latest = 1
GROUP BY venue_id, date_trunc('hour', period_start)
ORDER BY venue_id, period_hour
