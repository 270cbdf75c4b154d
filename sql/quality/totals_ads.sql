-- title: Ad days add up to the account's own total
-- ru: Сумма объявлений равна итогу рекламного кабинета
-- why: Rows that are missing, doubled or changed on the way show in no other place as surely as here
-- why_ru: Так видно, что часть объявлений потерялась, задвоилась или исказилась
-- do: The day is to be loaded again; if it stays, compare campaigns with the cabinet
-- do_ru: Нужна повторная загрузка дня; если не поможет, сверьте расход по кампаниям за этот день с кабинетом
-- run: {load}
-- severity: fail
-- story: exact
-- key: source, account, day
-- days: 30
-- sources: vk_ads, direct
-- says: {who}: {day} differs from the account's total[, spend {held} ₽ instead of {total} ₽][ {basis}][, impressions {shown} instead of {all_shown}][, clicks {clicked} instead of {all_clicked}][, {vat}][, currency {currency} instead of {total_currency}]
-- says_ru: {who}: за {day} не сходится с кабинетом[, загружено {held} ₽, в кабинете {total} ₽][ {basis_ru}][, показов {shown}, в кабинете {all_shown}][, кликов {clicked}, в кабинете {all_clicked}][, {vat_ru}][, валюта {currency}, в кабинете {total_currency}]
-- param: unsettled = 0.01
-- param: settled_after = 2

-- Kopecks: each ad is rounded by itself. Yesterday still settles while rows and total are read one after the other.
-- Days of which there is no total are not judged.
WITH rows AS
(
    SELECT source, account, stat_date AS day, sum(spent) AS cost, sum(impressions) AS shown, sum(clicks) AS clicked, count() AS ads, min(spent_has_vat) AS least_vat, max(spent_has_vat) AS most_vat, max(_ver) AS newest, groupUniqArrayIf(toString(currency), currency != '') AS currencies
    FROM v_ad_days WHERE stat_date >= {since:Date} AND stat_date < {today:Date}
    GROUP BY source, account, stat_date
)
SELECT
    t.source AS source, t.account AS account, t.stat_date AS day, r.cost AS held, t.spent AS total, r.shown AS shown, t.impressions AS all_shown,
    r.clicked AS clicked, t.clicks AS all_clicked, abs(toFloat64(held) - toFloat64(total)) AS money, r.newest AS newest,
    multiIf(r.ads = 0 OR (r.least_vat = t.spent_has_vat AND r.most_vat = t.spent_has_vat), '', t.spent_has_vat, 'not all with VAT', 'some with VAT') AS vat,
    if(t.spent_has_vat OR held = total, '', 'without VAT') AS basis, if(basis = '', '', 'без НДС') AS basis_ru,
    transform(vat, ['not all with VAT', 'some with VAT'], ['в кабинете с НДС, у нас нет', 'в кабинете без НДС, у нас с ним'], '') AS vat_ru,
    if(empty(r.currencies), t.currency, arrayStringConcat(r.currencies, ', ')) AS currency, if(t.currency = '', currency, toString(t.currency)) AS total_currency
FROM (SELECT * FROM meta_ad_totals FINAL WHERE stat_date >= {since:Date} AND stat_date < {today:Date}) AS t
LEFT JOIN rows AS r ON r.source = t.source AND r.account = t.account AND r.day = t.stat_date
WHERE abs(toFloat64(r.cost) - toFloat64(t.spent)) > 0.005 * r.ads + 0.005 + toFloat64(t.spent) * if(t.stat_date > {today:Date} - toUInt32({settled_after:Float64}), {unsettled:Float64}, 0)
    OR abs(toFloat64(r.shown) - toFloat64(t.impressions)) > toFloat64(t.impressions) * if(t.stat_date > {today:Date} - toUInt32({settled_after:Float64}), {unsettled:Float64}, 0)
    OR abs(toFloat64(r.clicked) - toFloat64(t.clicks)) > toFloat64(t.clicks) * if(t.stat_date > {today:Date} - toUInt32({settled_after:Float64}), {unsettled:Float64}, 0)
    OR (r.ads > 0 AND (r.least_vat != t.spent_has_vat OR r.most_vat != t.spent_has_vat))
    OR (t.currency != '' AND notEmpty(r.currencies) AND r.currencies != [toString(t.currency)])
ORDER BY day DESC, source, account
