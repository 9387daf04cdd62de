-- Bookings, visitors and money by venue, slot and channel: confirmed, less given back and cancelled.
-- A booking of which some tickets were given back is still one.
SELECT
  venue_id,
  slot_day,
  slot_start,
  channel,
  sum(CASE event WHEN 'CONFIRMED' THEN 1 WHEN 'CANCELLED' THEN -1 ELSE 0 END) AS bookings,
  sum(CASE event WHEN 'CONFIRMED' THEN party_size ELSE -party_size END) AS visitors,
  sum(CASE event WHEN 'CONFIRMED' THEN amount_cents ELSE -amount_cents END) AS revenue_cents
FROM bookings
WHERE month BETWEEN $first_month AND $last_month
  AND slot_day BETWEEN $first_day AND $last_day
  AND ($all_venues OR array_has($venues, venue_id))
GROUP BY venue_id, slot_day, slot_start, channel
ORDER BY venue_id, slot_start, channel
