-- title: No rejected rows lie about for days, nor much money in them
-- ru: Отклонённые строки не копятся
-- why: They are in no figure until somebody mends their cause
-- why_ru: Их нет ни в одном отчёте, пока не устранена причина
-- do: Send this to whoever runs Zakaz: mend the cause, then zakaz quarantine replay
-- do_ru: Перешлите администратору Zakaz: причину нужно исправить, потом zakaz quarantine replay
-- run: zakaz quarantine list
-- severity: warn
-- sources: qtickets, vk_ads, direct
-- story: loads
-- key: source, account, resource
-- days: 120
-- param: age = 3
-- param: rows = 5
-- param: money = 5000
-- says: {who}: {rows} rows of {resource} stand rejected since {day}[, {money} ₽ in them]
-- says_ru: {who}: с {day} в отчёты не вошло строк: {rows}[, в них до {money} ₽]

-- What stands there now: older than `age` days and many, or much money. The money is what the rows themselves say;
-- many of one order or ad carry the same.
SELECT
    toString(source) AS source, account, resource, toDate(min(rejected_at), 'Europe/Moscow') AS day, count() AS rows,
    round(sum(greatest(toFloat64OrZero(JSONExtractString(record, 'price')), toFloat64OrZero(JSONExtractString(record, 'spent')), toFloat64OrZero(JSONExtractString(record, 'cost')),
        JSONExtractFloat(record, 'price'), JSONExtractFloat(record, 'spent'), JSONExtractFloat(record, 'cost'))), 2) AS money
FROM meta_quarantine FINAL
WHERE rejected_at >= toDateTime64({since:Date}, 3, 'Europe/Moscow') AND rejected_at < toDateTime64({today:Date} - toUInt32({age:Float64}) + 1, 3, 'Europe/Moscow')
GROUP BY source, account, resource
HAVING rows >= {rows:Float64} OR money >= {money:Float64}
ORDER BY money DESC, source, account, resource
