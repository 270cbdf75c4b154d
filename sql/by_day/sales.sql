-- Days of payment of an account; newest first.
SELECT
    event_date                           AS day,
    sum(tickets_sold)                    AS tickets,
    sum(revenue)                         AS revenue,
    sum(refunds_amount)                  AS refunds,
    currency
FROM {table:Identifier} FINAL
WHERE account = {account:String} AND event_date BETWEEN {first:Date} AND {last:Date}
GROUP BY day, currency
QUALIFY dense_rank() OVER (ORDER BY day DESC) <= {most:UInt32}
ORDER BY day DESC, currency
