-- Which routes should a traveller avoid?
-- chart: bars, label: route, value: mean_arrival_delay, unit: minutes of mean arrival delay
SELECT
  f.origin || ' to ' || coalesce(p.name, f.dest) AS route,
  count(f.arr_delay) AS flights,
  avg(f.arr_delay) AS mean_arrival_delay,
  max(f.arr_delay) AS worst_arrival_delay
FROM "${database}".flights AS f
LEFT JOIN "${reference}".airports AS p ON p.faa = f.dest
GROUP BY f.origin || ' to ' || coalesce(p.name, f.dest)
HAVING count(f.arr_delay) >= 30
ORDER BY mean_arrival_delay DESC, route
LIMIT 10
