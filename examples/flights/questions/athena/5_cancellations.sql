-- On which days are flights cancelled?
-- chart: days, label: day, value: share_cancelled, line: seven_day_mean, unit: share of flights cancelled
WITH days AS (
  SELECT
    CAST(f.year AS varchar) || '-' || lpad(CAST(f.month AS varchar), 2, '0')
      || '-' || lpad(CAST(f.day AS varchar), 2, '0') AS day,
    count(*) AS flights,
    count_if(f.dep_time IS NULL) AS cancelled
  FROM "${database}".flights AS f
  GROUP BY 1
)
SELECT
  day,
  flights,
  cancelled,
  1e0 * cancelled / flights AS share_cancelled,
  avg(1e0 * cancelled / flights) OVER (ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS seven_day_mean
FROM days
ORDER BY day
