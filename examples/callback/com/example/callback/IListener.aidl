package com.example.callback;

oneway interface IListener {
  void onCount(int n);
}
