FROM flights
SELECT tailnum, count(air_time), sum(air_time)::BIGINT AS minutes, mean(arr_delay)
WHERE tailnum IS NOT NULL AND air_time IS NOT NULL
GROUP BY tailnum
ORDER BY minutes DESC, tailnum
LIMIT 10
