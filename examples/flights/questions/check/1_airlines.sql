FROM flights JOIN airlines USING (carrier)
SELECT name, count(*), mean(arr_delay) AS delay, count(*) FILTER (arr_delay > 15) / count(arr_delay)
GROUP BY ALL
HAVING count(arr_delay) > 29
ORDER BY delay DESC, name
