-- title: No row of agg_marketing_daily stands twice
-- why: A SELECT without FINAL would count it twice
-- severity: fail
-- when: night
-- sources: qtickets, vk_ads, direct

-- `newest` changes when a load writes the rows again: what stays is no load's work in progress.
SELECT
    concat(toString((d, city, source)), ' stands ', toString(count()), ' times') AS what,
    count() - 1 AS surplus,
    max(_ver) AS newest,
    d, city, source
FROM agg_marketing_daily
GROUP BY d, city, source
HAVING count() > 1
ORDER BY d, city, source
