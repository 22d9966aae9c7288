-- Which aircraft are in the air most?
-- chart: bars, label: aircraft, value: minutes_in_the_air, unit: minutes in the air
SELECT
  tailnum AS aircraft,
  count(*) AS flights,
  sum(air_time) AS minutes_in_the_air,
  avg(CAST(arr_delay AS double precision)) AS mean_arrival_delay
FROM public.flights
WHERE air_time IS NOT NULL AND tailnum IS NOT NULL
GROUP BY tailnum
ORDER BY minutes_in_the_air DESC, aircraft
LIMIT 10
