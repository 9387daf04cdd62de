-- Sales and their visitors by venue, channel and price band on one day: of each booking what is left
-- after give-backs and a cancellation. A booking counts once, in the band of most of its tickets (the
-- dearer one of two), with at most so many people. The bands are those of `domain::release::price_band`.
SELECT
  venue_id,
  channel,
  price_band,
  count(*) AS sales,
  sum(least(party, $most_people)) AS visitors
FROM (
  SELECT
    venue_id,
    channel,
    price_band,
    sum(people) OVER (PARTITION BY booking_key) AS party,
    row_number() OVER (PARTITION BY booking_key ORDER BY people DESC, dearest DESC) AS nth
  FROM (
    SELECT
      booking_key,
      venue_id,
      channel,
      CASE
        WHEN price_cents <= 0 THEN '0'
        WHEN price_cents <= 500 THEN '0-5'
        WHEN price_cents <= 1000 THEN '5-10'
        WHEN price_cents <= 2000 THEN '10-20'
        ELSE '20+'
      END AS price_band,
      max(price_cents) AS dearest,
      sum(CASE event WHEN 'CONFIRMED' THEN quantity ELSE -quantity END) AS people
    FROM unit_items
    WHERE month BETWEEN $first_month AND $last_month
      AND slot_day BETWEEN $first_day AND $last_day
      AND ($all_venues OR array_has($venues, venue_id))
    GROUP BY 1, 2, 3, 4
  ) AS lines
  WHERE people > 0
) AS sales
WHERE nth = 1
GROUP BY venue_id, channel, price_band
ORDER BY venue_id, channel, price_band
