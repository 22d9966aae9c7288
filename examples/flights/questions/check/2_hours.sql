FROM flights
SELECT sched_dep_time // 100 AS departure, count(dep_delay), mean(dep_delay), count(*) FILTER (dep_delay > 15) / count(dep_delay)
WHERE dep_time IS NOT NULL
GROUP BY ALL
ORDER BY departure
