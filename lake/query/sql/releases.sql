-- The budget ledger.
SELECT
  release,
  grid,
  day,
  version,
  epsilon_thousandths,
  facts_version
FROM releases
ORDER BY grid, release
