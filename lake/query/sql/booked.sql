-- Bookings, visitors and money by venue, slot and channel: confirmed, less cancelled.
SELECT
  venue_id,
  slot_day,
  slot_start,
  channel,
  sum(CASE event WHEN 'CANCELLED' THEN -1 ELSE 1 END) AS bookings,
  sum(CASE event WHEN 'CANCELLED' THEN -party_size ELSE party_size END) AS visitors,
  sum(CASE event WHEN 'CANCELLED' THEN -amount_cents ELSE amount_cents END) AS revenue_cents
FROM bookings
WHERE month BETWEEN $first_month AND $last_month
  AND slot_day BETWEEN $first_day AND $last_day
  AND ($all_venues OR array_has($venues, venue_id))
GROUP BY venue_id, slot_day, slot_start, channel
ORDER BY venue_id, slot_start, channel
