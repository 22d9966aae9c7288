-- How much worse is each airport in wet hours?
-- chart: bars, label: airport, value: mean_departure_delay, unit: minutes of mean departure delay
SELECT
  w.origin || CASE WHEN w.precip > 0 THEN ' in wet hours' ELSE ' in dry hours' END AS airport,
  count(*) AS flights,
  avg(CAST(f.dep_delay AS double precision)) AS mean_departure_delay
-- The warehouse's own rows, joined with the lake's by Spectrum.
FROM public.flights AS f
JOIN "${database}".weather AS w ON w.origin = f.origin AND w.time_hour = f.time_hour
GROUP BY 1
ORDER BY airport
