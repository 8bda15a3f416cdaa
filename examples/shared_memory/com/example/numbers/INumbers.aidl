package com.example.numbers;

interface INumbers {
  // An android.os.IMemory: AIDL has no name for it, so it travels as what it is.
  IBinder memory();
  // The number at that place, as the service sees it.
  int at(int index);
}
