"""What is odd about the content of rows: looked for on partitions, kept beside the scores."""
