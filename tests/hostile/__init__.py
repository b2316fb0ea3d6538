"""Specs by someone who means harm: each costs little, reaches nothing outside its folder, and ends in a code."""
