-- What does the weather cost?
-- chart: bars, label: weather, value: mean_departure_delay, unit: minutes of mean departure delay
SELECT
  CASE
    WHEN f.visib < 3 THEN 'Poor visibility, below 3 miles'
    WHEN f.precip > 0 THEN 'Rain or snow'
    WHEN f.wind_speed >= 20 THEN 'Wind of 20 mph and more'
    WHEN f.visib IS NULL THEN 'Not recorded'
    ELSE 'Fair'
  END AS weather,
  count(*) AS flights,
  avg(f.dep_delay) AS mean_departure_delay,
  avg(CASE WHEN f.dep_time IS NULL THEN 1e0 ELSE 0e0 END) AS share_cancelled
FROM "${database}".flights AS f
GROUP BY 1
ORDER BY mean_departure_delay DESC, weather
