-- Entries by venue, day of the slot and hour in which the gate opened. An exit is no entry; a row
-- without a direction is from before exits were recorded.
SELECT
  venue_id,
  slot_day,
  date_trunc('hour', admitted_quarter) AS admitted_hour,
  sum(quantity) AS admissions
FROM admissions
WHERE month BETWEEN $first_month AND $last_month
  AND (direction IS NULL OR direction = 'ENTRY')
  AND slot_day BETWEEN $first_day AND $last_day
  AND ($all_venues OR array_has($venues, venue_id))
GROUP BY venue_id, slot_day, date_trunc('hour', admitted_quarter)
ORDER BY venue_id, admitted_hour
