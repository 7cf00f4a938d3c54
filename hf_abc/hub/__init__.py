"""The Hub: what others read and load of a run. Cards are written here; nothing is sent anywhere."""
