-- title: Ad days are what the loads left
-- ru: Расходы в таблице те же, что оставила загрузка
-- why: Rows that were deleted, doubled or edited by hand or by another program change spend without a trace
-- why_ru: Если строки удалили, задвоили или поправили мимо загрузки, расход меняется без следа
-- do: Ask whoever runs Zakaz who wrote to the table; the day is to be loaded again
-- do_ru: Спросите администратора Zakaz, кто менял загруженное; нужна повторная загрузка дня
-- run: {load}
-- severity: fail
-- story: exact
-- key: source, account, day
-- days: 62
-- sources: vk_ads, direct
-- says: {who}: {day} was changed after the load[, spend {held} ₽ instead of {left} ₽][ {basis}]; campaigns that differ: {campaigns}
-- says_ru: {who}: за {day}[ расход {held} ₽ вместо {left} ₽][ {basis_ru}]: данные изменили после загрузки, кампаний: {campaigns}

-- By campaign, against its newest entry. A day of which nothing is known is judged between the first and the last known
-- one: rows there came with no load. memory_history compares what is older.
WITH
    known AS
    (
        SELECT source, account, toUInt64OrZero(thing) AS campaign, day, argMax(figures, (seen_on, _ver)) AS f, max(_ver) AS written
        FROM meta_memory WHERE what = 'spend' AND day >= {since:Date} AND day <= {today:Date} GROUP BY source, account, thing, day
    ),
    held AS
    (
        SELECT source, account, campaign_id AS campaign, stat_date AS day, sum(impressions) AS impressions, sum(clicks) AS clicks, sum(conversions) AS conversions, sum(spent) AS cost, count() AS ads, max(_ver) AS written, max(NOT spent_has_vat) AS net
        FROM v_ad_days WHERE stat_date >= {since:Date} AND stat_date <= {today:Date}
        GROUP BY source, account, campaign, day
    ),
    bounds AS (SELECT source, account, min(day) AS first, max(day) AS last FROM known GROUP BY source, account)
SELECT
    d.source AS source, d.account AS account, d.day AS day, sum(abs(d.s)) AS money, sum(d.now) AS held, sum(d.was) AS left,
    -- Reports have VAT added to what its source gives without.
    if(max(d.net) AND held != left, 'without VAT', '') AS basis, if(basis = '', '', 'без НДС') AS basis_ru,
    countIf(d.differs) AS campaigns, groupArrayIf(5)(d.campaign, d.differs) AS which, max(d.v) AS newest
FROM
(
    SELECT
        source, account, campaign, day, sum(cost) AS s, sumIf(cost, is_held) AS now, -sumIf(cost, NOT is_held) AS was,
        s != 0 OR sum(i) != 0 OR sum(c) != 0 OR sum(k) != 0 OR sum(n) != 0 AS differs, max(written) AS v, max(net) AS net
    FROM
    (
        SELECT source, account, campaign, day, 1 AS is_held, toDecimal64(cost, 2) AS cost, toDecimal64(impressions, 2) AS i, toDecimal64(clicks, 2) AS c, toDecimal64(conversions, 2) AS k, toDecimal64(ads, 2) AS n, written, net FROM held
        UNION ALL
        SELECT source, account, campaign, day, 0, -f['spent'], -f['impressions'], -f['clicks'], -f['conversions'], -f['ads'], written, 0 FROM known
    )
    GROUP BY source, account, campaign, day
) AS d
INNER JOIN bounds AS k ON k.source = d.source AND k.account = d.account
WHERE d.day >= k.first AND d.day <= k.last
GROUP BY source, account, day
HAVING campaigns > 0
ORDER BY day DESC, source, account
