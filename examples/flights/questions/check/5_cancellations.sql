FROM (
  FROM flights
  SELECT strftime(make_date(year, month, day), '%Y-%m-%d') AS date, count(*) AS planned, count(*) - count(dep_time) AS lost
  GROUP BY ALL
)
SELECT date, planned, lost, lost / planned AS share, mean(share) OVER (ORDER BY date ROWS 6 PRECEDING)
ORDER BY date
