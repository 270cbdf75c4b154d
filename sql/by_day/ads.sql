-- Days of an account as its own cabinet shows them, in its currency and with or without VAT as it tells; newest first.
SELECT
    stat_date                            AS day,
    sum(impressions)                     AS impressions,
    sum(clicks)                          AS clicks,
    sum(spent)                           AS spent,
    currency,
    if(spent_has_vat = 1, 'with VAT', 'without VAT') AS vat
FROM {table:Identifier} FINAL
WHERE account = {account:String} AND stat_date BETWEEN {first:Date} AND {last:Date}
GROUP BY day, currency, vat
QUALIFY dense_rank() OVER (ORDER BY day DESC) <= {most:UInt32}
ORDER BY day DESC, currency
