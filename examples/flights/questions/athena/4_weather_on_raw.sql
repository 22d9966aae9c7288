-- What does the weather cost?
SELECT
  CASE
    WHEN try_cast(w.visib AS double) < 3 THEN 'Poor visibility, below 3 miles'
    WHEN try_cast(w.precip AS double) > 0 THEN 'Rain or snow'
    WHEN try_cast(w.wind_speed AS double) >= 20 THEN 'Wind of 20 mph and more'
    WHEN try_cast(w.visib AS double) IS NULL THEN 'Not recorded'
    ELSE 'Fair'
  END AS weather,
  count(*) AS flights,
  avg(f.dep_delay) AS mean_departure_delay,
  avg(CASE WHEN f.dep_time IS NULL THEN 1e0 ELSE 0e0 END) AS share_cancelled
FROM "${database}".flights AS f
LEFT JOIN "${database}".weather AS w
  ON w.origin = f.origin
  AND CAST(w.year AS integer) = f.year
  AND CAST(w.month AS integer) = f.month
  AND CAST(w.day AS integer) = f.day
  AND CAST(w.hour AS integer) = f.hour
GROUP BY 1
ORDER BY mean_departure_delay DESC, weather
