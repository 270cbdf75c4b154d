"""What is kept on the Prefect server: deployments, the queues they wait in, automations, the notification block.

All of it is declared in prefect.yaml, automations.yaml and the settings; applying it twice changes nothing. Knows
nothing of sources or rows.
"""
