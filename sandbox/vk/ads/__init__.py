"""Today's VK Ads API: OAuth2, lists, statistics, limits."""
