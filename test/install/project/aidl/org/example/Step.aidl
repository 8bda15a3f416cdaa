package org.example;

parcelable Step {
  int size = 1;
  @utf8InCpp String reason;
}
