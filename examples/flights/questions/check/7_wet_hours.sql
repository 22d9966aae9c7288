FROM flights JOIN weather USING (origin, time_hour)
SELECT concat(origin, if(precip > 0, ' in wet', ' in dry'), ' hours') AS place, count(*), mean(dep_delay)
GROUP BY ALL
ORDER BY place
