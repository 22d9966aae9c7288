FROM (
  FROM flights LEFT JOIN airports ON dest = faa
  SELECT concat(origin, ' to ', ifnull(name, dest)) AS route, arr_delay
  WHERE arr_delay IS NOT NULL
)
SELECT route, count(*) AS landed, sum(arr_delay) / count(*) AS delay, max(arr_delay)
GROUP BY route
HAVING landed >= 30
ORDER BY delay DESC, route
LIMIT 10
