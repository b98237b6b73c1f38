"""What runs behind `labelworks serve`: the deployment, and the warm process that runs its flow."""
