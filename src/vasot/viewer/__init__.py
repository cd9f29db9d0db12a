"""The viewer: a local web page that plays recordings in step and lets people name and correct actions."""
