package com.example.callback;

import com.example.callback.IListener;

interface ICounter {
  void listen(IListener listener);
  // Tells all listeners, and returns how many there are.
  int count(int n);
}
