-- Visitors by venue, day and kind of visitor: confirmed, less given back and cancelled.
SELECT
  venue_id,
  slot_day,
  unit_id,
  sum(CASE event WHEN 'CONFIRMED' THEN quantity ELSE -quantity END) AS visitors
FROM unit_items
WHERE month BETWEEN $first_month AND $last_month
  AND slot_day BETWEEN $first_day AND $last_day
  AND ($all_venues OR array_has($venues, venue_id))
GROUP BY venue_id, slot_day, unit_id
ORDER BY venue_id, slot_day, unit_id
