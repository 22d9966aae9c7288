-- Which airlines arrive late?
-- chart: bars, label: airline, value: mean_arrival_delay, unit: minutes of mean arrival delay
SELECT
  a.name AS airline,
  count(*) AS flights,
  avg(f.arr_delay) AS mean_arrival_delay,
  avg(CASE WHEN f.arr_delay > 15 THEN 1e0 WHEN f.arr_delay <= 15 THEN 0e0 END) AS share_late
FROM "${database}".flights AS f
-- In a file of nothing but text a crawler sees no header: the columns are col0 and col1, the header is a row.
JOIN (SELECT col0 AS carrier, col1 AS name FROM "${reference}".airlines) AS a ON a.carrier = f.carrier
GROUP BY a.name
HAVING count(f.arr_delay) >= 30
ORDER BY mean_arrival_delay DESC, airline
