-- Which campaign a ticket belongs to by its tags: `if(mapContains(by_content, utm_content), by_content[utm_content], otherwise)`
-- is its account and id; campaign 0 where they fit none or several. One row a source and utm_campaign. Tags are a campaign's when
-- both, or utm_campaign alone, are those of one campaign only, or when utm_campaign is the id of one.
WITH ads AS
(
    SELECT toString(source) AS source, toString(account) AS account, campaign_id, utm_campaign, utm_content FROM agg_campaigns_monthly FINAL
    GROUP BY source, account, campaign_id, utm_campaign, utm_content
)
SELECT
    source,
    utm_campaign,
    mapFromArrays(groupArrayArray(contents), groupArrayArray(owners))   AS by_content,
    if(max(owner_by_name).2 != 0, max(owner_by_name), max(owner_by_id)) AS otherwise
FROM
(
    SELECT
        source, utm_campaign,
        groupArrayIf(utm_content, length(its) = 1)                                                  AS contents,
        groupArrayIf(its[1], length(its) = 1)                                                       AS owners,
        if(length(groupUniqArrayArray(its) AS of_name) = 1, of_name[1], ('', toUInt64(0)))          AS owner_by_name,
        ('', toUInt64(0))                                                                           AS owner_by_id
    FROM
    (
        SELECT source, utm_campaign, utm_content, groupUniqArray((account, campaign_id)) AS its FROM ads
        WHERE utm_campaign != '' GROUP BY source, utm_campaign, utm_content
    )
    GROUP BY source, utm_campaign
    UNION ALL
    SELECT source, toString(campaign_id), [], [], ('', toUInt64(0)), (any(account), campaign_id) FROM ads
    GROUP BY source, campaign_id HAVING uniqExact(account) = 1
)
GROUP BY source, utm_campaign
