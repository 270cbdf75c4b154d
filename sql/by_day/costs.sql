-- What a run's report shows of each day that the costs file names.
SELECT day, source, sum(spent) AS spent
FROM {table:Identifier} FINAL
WHERE account = {account:String} AND day BETWEEN {first:Date} AND {last:Date}
GROUP BY day, source
QUALIFY dense_rank() OVER (ORDER BY day DESC) <= {most:UInt32}
ORDER BY day DESC, source
