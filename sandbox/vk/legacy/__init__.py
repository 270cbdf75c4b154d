"""The legacy ads methods of api.vk.com, v=5.131: errors inside HTTP 200, no ad groups, zeros left out."""
