"""Today's VK Ads API: tokens, lists, statistics by day, limits."""
