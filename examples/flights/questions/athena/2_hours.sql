-- When in the day do delays build up?
-- chart: columns, label: hour, value: mean_departure_delay, unit: minutes of mean departure delay
SELECT
  f.hour AS hour,
  count(*) AS flights,
  avg(f.dep_delay) AS mean_departure_delay,
  avg(CASE WHEN f.dep_delay > 15 THEN 1e0 WHEN f.dep_delay <= 15 THEN 0e0 END) AS share_late
FROM "${database}".flights AS f
WHERE f.dep_delay IS NOT NULL
GROUP BY f.hour
ORDER BY hour
