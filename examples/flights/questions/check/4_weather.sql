FROM flights LEFT JOIN weather USING (origin, time_hour)
SELECT
  if(visib < 3, 'Poor visibility, below 3 miles',
    if(precip > 0, 'Rain or snow',
      if(wind_speed >= 20, 'Wind of 20 mph and more',
        if(visib IS NULL, 'Not recorded', 'Fair')))) AS conditions,
  count(*),
  sum(dep_delay) / count(dep_delay) AS delay,
  1 - count(dep_time) / count(*)
GROUP BY ALL
ORDER BY delay DESC, conditions
