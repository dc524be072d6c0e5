"""Carries out decisions; each can be repeated safely."""
