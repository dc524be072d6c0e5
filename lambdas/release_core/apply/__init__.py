"""Carries out decisions; each can be repeated without harm."""
